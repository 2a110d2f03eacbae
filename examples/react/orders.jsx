import { createRoot } from "react-dom/client";
import { connect } from "ringcast/client";
import { RingcastProvider, useConnection, useTopic } from "ringcast/react";

// `?url=ws://…/ws&token=…`: in a project of your own they come from your back end, see ../page.
const parameters = new URLSearchParams(location.search);
const client = connect(parameters.get("url"), { clientId: "react", token: parameters.get("token") });

function Orders() {
  const { events } = useTopic("orders", { lastN: 10 });
  const { state } = useConnection();
  return (
    <>
      {state !== "open" && <p>{state} …</p>}
      <ul>
        {events.map(({ epoch, offset, payload }) => (
          <li key={`${epoch}.${offset}`}>{payload.item}</li>
        ))}
      </ul>
    </>
  );
}

createRoot(document.querySelector("#root")).render(
  <RingcastProvider client={client}>
    <Orders />
  </RingcastProvider>,
);
