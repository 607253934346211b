/** All that an order is, from all services. */
export const everythingOf = `query Everything($id: ID!) { order(id: $id) {
  status total { ...Money }
  lines {
    sku name quantity unitPrice { ...Money } total { ...Money }
    product { sku name available unitPrice { ...Money } }
  }
  history { nodes { version previousStatus status reason } }
  payment {
    status amount { ...Money } capturedAmount { ...Money } refundedAmount { ...Money }
    attempts { channel status amount { ...Money } failureCode } refunds { id }
  }
  reservations { sku warehouse quantity status expiresAt product { name } }
  notifications { kind channel status subject order { number } }
} }
fragment Money on Money { amount currencyCode }`;
