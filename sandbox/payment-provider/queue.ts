export type Queue<T> = {
  readonly add: (item: T) => void;
  /** The item that waited longest, or nothing. */
  readonly take: () => T | undefined;
};

/** First in, first out, at constant cost: shifting a long array would copy it for every item. */
export function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let taken = 0;
  return {
    add: (item) => void items.push(item),
    take() {
      const item = items[taken];
      if (taken < items.length) taken += 1;
      if (taken >= 1024 && taken * 2 >= items.length) {
        items = items.slice(taken);
        taken = 0;
      }
      return item;
    },
  };
}
