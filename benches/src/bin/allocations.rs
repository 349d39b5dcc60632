//! Counts allocations; apart from the times, which counting would change.

use sse_bench::cases;

fn main() {
    for case in cases::all() {
        for contender in &case.contenders {
            // What a thread or a static holds for good is there after the first run.
            (contender.run)();
            let counted = allocation_counter::measure(|| {
                (contender.run)();
            });
            println!(
                "{}\t{}\t{}\t{}\t{}",
                case.table, case.name, contender.name, counted.count_total, case.events
            );
        }
    }
}
