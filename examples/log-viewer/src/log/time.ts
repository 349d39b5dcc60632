const two = (value: number) => String(value).padStart(2, "0");

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A date in local time, in two parts: the day, and the time to the millisecond. Undefined where it is no date. */
export function localTime(date: string): { day: string; time: string } | undefined {
  const at = new Date(date);
  if (Number.isNaN(at.getTime())) return undefined;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return {
    day: `${MONTHS[at.getMonth()]} ${two(at.getDate())}`,
    time: `${clock}.${String(at.getMilliseconds()).padStart(3, "0")}`,
  };
}
