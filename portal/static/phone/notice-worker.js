/* Shows the phone's pages' notifications; a tap leads back to the page that waited. It fetches and keeps nothing. */

addEventListener("notificationclick", (event) => {
  const { url } = event.notification.data;
  event.notification.close();
  event.waitUntil(clients.matchAll({ type: "window", includeUncontrolled: true }).then((pages) => {
    const page = pages.find((one) => one.url === url);
    return page ? page.focus() : clients.openWindow(url);
  }));
});
