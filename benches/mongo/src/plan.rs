//! How much is measured, and what a measurement ends with.

pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// How much of everything.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub subscribers: [usize; 3],
    pub inserts: usize,
    pub throughput_seconds: u64,
    pub history: usize,
}

impl Plan {
    pub const WHOLE: Self = Self {
        rounds: 3,
        subscribers: [1, 100, 1000],
        inserts: 800,
        throughput_seconds: 10,
        history: 200_000,
    };
    pub const SHORT: Self =
        Self { rounds: 1, throughput_seconds: 4, history: 50_000, ..Self::WHOLE };
}
