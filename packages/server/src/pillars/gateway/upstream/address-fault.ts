/**
 * What is wrong with the address of an upstream, as a sentence's end; undefined when it can be called. Says nothing of a
 * password in it.
 */
export function addressFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return "is no URL; write http://host:port";
  if (url.username !== "" || url.password !== "") {
    return "holds a user or password, which are not sent; leave them out";
  }
  if (url.search !== "" || url.hash !== "") {
    return "holds a query or fragment, which are not sent; leave them out";
  }
  return undefined;
}
