/** Values that several events carry. */
import { z } from 'zod';

/** A whole number of minor units of a currency, at most 2^53 - 1. */
export const minorUnits = z.int().min(0);
export const currency = z.string().length(3);
export const sku = z.string().min(1).max(64);
export const quantity = z.int().min(1);
export const instant = z.iso.datetime();
export const paymentChannel = z.enum(['SANDBOX']);

/** Whom messages about an order go to; without an address nothing is sent. */
export const contact = z.object({ name: z.string(), email: z.string().nullable() });
