// Publishes to a topic and follows it, with Go 1.19 or later and nothing besides:
// cd examples/go && RINGCAST_URL=http://localhost:8080 RINGCAST_API_KEY=secret go run . orders
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func ask(method, path, body string) io.ReadCloser {
	request, err := http.NewRequest(method, os.Getenv("RINGCAST_URL")+path, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("X-API-Key", os.Getenv("RINGCAST_API_KEY"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		log.Fatal(answer, err)
	}
	return answer.Body
}

func main() {
	topic := "/topics/" + url.PathEscape(os.Args[1])
	ask("POST", topic+"/messages", `{"payload":{"from":"go"}}`).Close()
	lines := bufio.NewScanner(ask("GET", topic+"/events?last_n=10", ""))
	for lines.Buffer(nil, 1<<24); lines.Scan(); { // lines as long as the largest message
		if line := lines.Text(); strings.HasPrefix(line, "data: ") {
			fmt.Println(line[len("data: "):])
		}
	}
}
