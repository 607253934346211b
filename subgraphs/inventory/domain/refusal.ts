/** Why a command of the catalogue or the stock was refused. Nothing was changed. */
export type Refusal =
  | {
      readonly code: 'IDEMPOTENCY_KEY_REUSED' | 'NOT_FOUND' | 'LIMIT_EXCEEDED';
      readonly message: string;
      /** The path of the input field at fault. */
      readonly field: readonly string[];
    }
  | {
      readonly code: 'INSUFFICIENT_STOCK';
      readonly message: string;
      readonly field: readonly string[];
      readonly sku: string;
      readonly requested: number;
      readonly available: number;
    };
