/** A stream that ends when the key is revoked that it was opened with, wherever it stands then. */
import type { GraphQLFormattedError } from 'graphql';
import type { ResultStream, StreamSink } from '../streams/result-stream.ts';
import { wrongKey } from './credentials.ts';
import type { Directory, PartnerAccess } from './directory.ts';

/** The error's extensions give the cursor of the last result, as those of other ends do. */
export function revocable(
  stream: ResultStream,
  directory: Pick<Directory, 'onEnd'>,
  partner: PartnerAccess,
): ResultStream {
  let isOver = false;
  let forget = (): void => undefined;
  const end = (): void => {
    isOver = true;
    forget();
  };
  return {
    start(sink) {
      let cursor: string | undefined;
      const watched: StreamSink = {
        next(result) {
          cursor = result.cursor ?? cursor;
          return sink.next(result);
        },
        complete() {
          end();
          sink.complete();
        },
        failed(errors) {
          end();
          sink.failed(errors);
        },
      };
      stream.start(watched);
      if (isOver) return;
      forget = directory.onEnd(partner, () => {
        if (isOver) return;
        isOver = true;
        const errors = [revoked(cursor)];
        stream.stop(errors);
        sink.failed(errors);
      });
    },
    resume: () => stream.resume(),
    stop(told) {
      end();
      stream.stop(told);
    },
  };
}

function revoked(cursor: string | undefined): GraphQLFormattedError {
  const error = wrongKey().toJSON();
  return cursor === undefined ? error : { ...error, extensions: { ...error.extensions, cursor } };
}
