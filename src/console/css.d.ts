/** A part's styles, which the bundler gathers; as a module they are nothing. */
declare module "*.css";
