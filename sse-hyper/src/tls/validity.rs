//! Whether a certificate is one that clients believe today.

use std::time::Duration;

use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore};

/// How long before its end it is time to ask why there is no new one yet.
const SOON: Duration = Duration::from_secs(3 * 24 * 60 * 60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validity {
    Valid,
    EndsSoon,
    Ended,
    NotYet,
}

impl Validity {
    pub(super) fn of(certificate: &CertificateDer<'_>, now: UnixTime) -> Self {
        let soon = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + SOON);
        match (fault(certificate, now), fault(certificate, soon)) {
            (Some(fault), _) => fault,
            (None, Some(Self::Ended)) => Self::EndsSoon,
            _ => Self::Valid,
        }
    }

    /// Says what somebody has to know.
    pub(super) fn report(self, file: &std::path::Path) {
        let file = file.display();
        match self {
            Self::Valid => {}
            Self::EndsSoon => tracing::warn!(%file, "the certificate ends within 3 days"),
            Self::Ended => tracing::error!(%file, "the certificate has expired: clients refuse it"),
            Self::NotYet => {
                tracing::error!(%file, "the certificate is not valid yet: clients refuse it");
            }
        }
    }
}

/// A check by somebody who believes nobody looks at the dates first.
fn fault(certificate: &CertificateDer<'_>, at: UnixTime) -> Option<Validity> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    let nobody = RootCertStore::empty();
    match verify_server_cert_signed_by_trust_anchor(&certificate, &nobody, &[], at, &[]) {
        Err(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => Some(Validity::Ended),
        Err(Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => Some(Validity::NotYet),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_told_by_its_dates() {
        let mut certificate = CertificateParams::new(["logs.test".to_owned()]).unwrap();
        certificate.not_before = date_time_ymd(2025, 1, 10);
        certificate.not_after = date_time_ymd(2025, 1, 20);
        let certificate = certificate.self_signed(&KeyPair::generate().unwrap()).unwrap();
        // From the first of that January.
        for (days, validity) in [
            (0, Validity::NotYet),
            (8, Validity::NotYet),
            (9, Validity::Valid),
            (15, Validity::Valid),
            (17, Validity::EndsSoon),
            (18, Validity::EndsSoon),
            (20, Validity::Ended),
            (1000, Validity::Ended),
        ] {
            let seconds = 1_735_689_600 + days * 24 * 60 * 60;
            let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            assert_eq!(Validity::of(certificate.der(), now), validity, "on day {days}");
        }
    }
}
