import { connect } from 'node:net';

const ANSWER_WITHIN_MS = 1_000;

/** Whether what listens on 127.0.0.1:port sends `expected`, after it has been sent `question`. */
export function answers(port: number, question: string, expected: string): Promise<boolean> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write(question));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (received.includes(expected)) finish(true);
    });
  });
}
