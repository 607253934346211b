/** The promises of docs/guarantees.md that these tables can state. Each query returns the rows that break one. */
export const inventoryInvariants = [
  {
    promise: 'Stock 1: nothing is negative, and no more is held and allocated than is on hand',
    offenders: `
      select sku, warehouse, on_hand, held, allocated from stock
      where on_hand < 0 or held < 0 or allocated < 0 or held::bigint + allocated > on_hand`,
  },
  {
    promise: 'Stock 2: held and allocated equal the sums of the live reservations',
    offenders: `
      select sku, warehouse, stock.held, stock.allocated,
        reserved.held as reserved_held, reserved.allocated as reserved_allocated
      from stock
      full join (
        select sku, warehouse,
          coalesce(sum(quantity) filter (where status = 'HELD'), 0) as held,
          coalesce(sum(quantity) filter (where status = 'ALLOCATED'), 0) as allocated
        from reservations where status <> 'RELEASED'
        group by sku, warehouse
      ) as reserved using (sku, warehouse)
      where coalesce(stock.held, 0) <> coalesce(reserved.held, 0)
        or coalesce(stock.allocated, 0) <> coalesce(reserved.allocated, 0)`,
  },
  {
    promise: 'Stock 3: what is on hand equals the sum of the ledger',
    offenders: `
      select sku, warehouse, on_hand, booked
      from stock
      full join (
        select sku, warehouse, sum(delta) as booked from stock_ledger group by sku, warehouse
      ) as ledger using (sku, warehouse)
      where coalesce(on_hand, 0) <> coalesce(booked, 0)`,
  },
  {
    promise: 'Stock 4: no hold lives on past its expiry by more than 60 s',
    offenders: `
      select order_id, expires_at from order_stock
      where state = 'HELD' and expires_at < now() - interval '60 s'`,
  },
  {
    promise: "Stock 4 and 5: every reservation stands as its order's stock does",
    offenders: `
      select order_id, line_id, warehouse, status, state
      from reservations left join order_stock using (order_id)
      where status is distinct from case state when 'PINNED' then 'HELD' else state end`,
  },
  {
    promise: 'Stock 5: stock that is said to be set aside for an order has reservations',
    offenders: `
      select order_id, state from order_stock
      where state in ('HELD', 'PINNED', 'ALLOCATED')
        and not exists (select from reservations where reservations.order_id = order_stock.order_id)`,
  },
] as const;

/**
 * For comparison with the order service's database: what is allocated of each line. Every line of a confirmed order
 * must be there with its SKU and quantity, and no other line.
 */
export const allocatedLines = `
  select order_id, line_id, sku, sum(quantity)::bigint as quantity
  from reservations where status = 'ALLOCATED'
  group by order_id, line_id, sku`;

/** For comparison with the order service's database: orders with live stock; none of them may be dead. */
export const ordersWithStock = `
  select order_id, state from order_stock where state in ('HELD', 'PINNED', 'ALLOCATED')`;
