import type { Facts } from "../api/failure";
import { CopyButton } from "./CopyButton";

/** What the server calls the request that failed, in small print: whoever runs it finds it in its logs. */
export function RequestId({ facts: { requestId } }: { facts: Facts }) {
  if (requestId === undefined) return null;
  return (
    <span className="request-id">
      Request <code>{requestId}</code>
      <CopyButton text={requestId} className="request-id-copy" label="Copy the id of the request" />
    </span>
  );
}
