/** `use:roomy`: never lower than it has been at this width, so that what stands below does not move up under a finger. */
export function roomy(node: HTMLElement): { destroy: () => void } {
  let width = 0;
  const watch = new ResizeObserver(() => {
    if (node.offsetWidth !== width) node.style.minHeight = '';
    width = node.offsetWidth;
    node.style.minHeight = `${node.offsetHeight}px`;
  });
  watch.observe(node);
  return { destroy: () => watch.disconnect() };
}
