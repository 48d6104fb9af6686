// A way to a port that can be cut, as networks do. Its own port is the system's choice.

import { connect, createServer } from "node:net";

export class Link {
  #server;
  #sockets = [];

  // to makes a Link to a port of a host.
  static async to(host, port) {
    const link = new Link();
    link.#server = createServer((near) => {
      const far = connect(port, host);
      link.#sockets = [near, far];
      near.pipe(far).pipe(near);
      for (const socket of link.#sockets) socket.on("error", () => {}); // it was cut
    });
    await new Promise((listening) => link.#server.listen(0, "127.0.0.1", listening));
    link.port = link.#server.address().port;
    return link;
  }

  // cut resets the connection, on both sides.
  cut() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close() {
    this.#server.close();
  }
}
