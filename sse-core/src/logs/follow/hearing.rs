//! What a stream hears of its log and of the source, and what of that it tells its client.

use super::Follow;
use crate::follow::internals::{Located, News};
use crate::follow::{Fault, Reset, Source};
use crate::logs::availability::Driver;
use crate::logs::failure::{LogFailure, LogReader};
use crate::logs::inner::LogState;
use crate::logs::notice;
use crate::logs::question::{self, Answer};
use crate::stream::random::jitter;

impl<S: Source> Follow<S> {
    pub(super) fn on_news(&mut self, news: &News) {
        match news {
            News::Epoch(epoch) => {
                self.availability.driver_runs();
                self.epoch = *epoch;
                // What was refused in another life of the log is asked anew.
                self.availability.failing = None;
                self.tell_status();
                let way = self.on_the_way();
                (way.asked, way.unsent, way.changes, way.catching_up) = (None, None, None, None);
                way.newest = None;
                let reset = self.machine.on_epoch(*epoch);
                self.tell_reset(reset);
            }
            News::Outage(outage) => {
                self.availability.driver_runs();
                self.availability.outage = *outage;
                self.tell_status();
            }
            News::Stopped => {
                self.availability.driver = Driver::Stopped;
                self.tell_status();
            }
            News::Drain => {
                let drain = self.log.options.drain;
                self.push(notice::drain(drain / 20 + jitter(drain)));
                let way = self.on_the_way();
                (way.asked, way.unsent) = (None, None);
                self.ended = true;
            }
        }
    }

    pub(super) fn on_located(&mut self, located: Located) {
        self.machine.on_located(located);
        self.count_path();
        if located == Located::Live {
            self.on_the_way().catching_up = None;
        }
    }

    pub(super) fn on_answer(&mut self, answer: Answer<S>) {
        let failed = match answer {
            Answer::Waited => return,
            Answer::WaitedForDriver => {
                if self.log.state() == LogState::NotStarted {
                    self.availability.driver = Driver::NotStarted;
                    self.tell_status();
                }
                return;
            }
            Answer::Resumed(Ok(checked)) => {
                let reset = self.machine.on_resumed(checked);
                self.tell_reset(reset);
                self.count_path();
                None
            }
            Answer::Page(order, Ok((page, held))) => {
                self.on_page(order, page, held);
                None
            }
            Answer::Changes(Ok((batch, changes, held))) => {
                self.on_batch(batch, changes, held);
                None
            }
            Answer::Resumed(Err(error))
            | Answer::Page(_, Err(error))
            | Answer::Changes(Err(error)) => Some(error),
        };
        match failed {
            None => self.works(),
            Some(failure) => {
                let fault = failure.fault();
                self.log.counters.failures.count(LogReader::Stream, &failure);
                if let LogFailure::FilterPanicked(words) = &failure {
                    self.failed = Some(words.clone());
                } else {
                    self.on_fault(fault);
                }
                self.log.reports.stream_failed(failure);
            }
        }
    }

    pub(super) fn on_fault(&mut self, fault: Fault) {
        let way = self.on_the_way();
        (way.changes, way.catching_up) = (None, None);
        let reset = self.machine.on_fault(fault);
        self.tell_reset(reset);
        if !matches!(fault, Fault::SnapshotGone | Fault::HistoryLost) {
            self.availability.failing = Some(fault);
            self.tell_status();
        }
        if self.availability.is_refused() {
            return;
        }
        // Whatever it was, the source is not asked again without a pause.
        let wait = self.on_the_way().backoff.next();
        self.ask(question::pause(wait));
    }

    /// The source has answered.
    pub(super) fn works(&mut self) {
        self.on_the_way().backoff.reset();
        self.availability.failing = None;
        self.tell_status();
    }

    pub(super) fn tell_reset(&mut self, reset: Option<Reset>) {
        if let Some(reset) = reset {
            self.log.counters.reset(reset);
            self.push(notice::reset(reset));
        }
    }

    /// Tells each change of the source's state once, whether the tail or this stream noticed it.
    fn tell_status(&mut self) {
        if let Some(status) = self.availability.news() {
            self.push(notice::status(status));
        }
    }
}
