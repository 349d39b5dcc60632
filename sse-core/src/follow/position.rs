//! Frontiers to event ids and back, sealed so that only our own are believed.

use std::hash::{BuildHasher, RandomState};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::coordinate::Coordinate;
use super::frontier::Frontier;
use super::topic::Scope;
use crate::wire::EventId;

/// The version of the format, in the upper half of the first byte.
const VERSION: u8 = 2;
const LIVE: u8 = 0;
const HISTORY: u8 = 1;
const MAC_LENGTH: usize = 8;
const MASK_LENGTH: usize = 32;

/// The secret that signs event ids, so that only ids of this log are believed: [`Seal::new`] with a
/// secret that all servers share and that survives restarts, otherwise [`Seal::random`].
///
/// It turns frontiers into the ids of events, and ids that clients bring back into frontiers.
/// An id is `base64url(version and kind 1 B ‖ masked (epoch 4 B ‖ coordinates) ‖ mac 8 B)`. The mac
/// is HMAC-SHA-256 cut to 64 bits. A live id is bound to the space, since one encoded event serves
/// every stream of it; an id within history is bound to the exact topics, or to the whole space. A filter is no part of
/// it: a position is past what was left out. It keeps clients from
/// asking for costly or senseless positions; it grants no access.
///
/// Nobody reads in an id where it stands, which would tell how much others have written: epoch and
/// coordinates are masked with HMAC-SHA-256 of the mac, by a key of its own
/// ([SIV](https://www.rfc-editor.org/rfc/rfc5297) made of HMAC). Equal positions have equal ids.
///
/// ```
/// use gapless_sse_core::follow::{Frontier, Scope, Seal};
///
/// let seal = Seal::new(b"32 bytes or more that nobody knows").accepting(b"the one before");
/// let orders = Scope::new("etl", ["orders"]);
/// let live: Frontier<u64, u64> = Frontier::Live(3);
/// let id = seal.seal(7, &live, &orders);
/// assert_eq!(seal.open(id.as_str(), &orders), Some((7, live)));
/// assert_eq!(seal.open::<u64, u64>(id.as_str(), &Scope::new("crm", ["orders"])), None);
/// ```
#[derive(Clone)]
pub struct Seal {
    signing: Keys,
    accepted: Vec<Keys>,
}

/// What a secret makes macs and masks with.
#[derive(Clone)]
struct Keys {
    mac: Hmac<Sha256>,
    mask: Hmac<Sha256>,
}

impl Seal {
    /// Seals with `secret`; 32 random bytes or more are a good one.
    pub fn new(secret: &[u8]) -> Self {
        let signing = Keys::of(secret);
        Self { accepted: vec![signing.clone()], signing }
    }

    /// Seals with a secret of this process, which nobody knows: ids hold until it ends, and other
    /// instances do not accept them.
    pub fn random() -> Self {
        // The standard library's hash is keyed with random bytes of the operating system.
        let keys = RandomState::new();
        let secret: Vec<u8> = (0..4_u64).flat_map(|n| keys.hash_one(n).to_be_bytes()).collect();
        Self::new(&secret)
    }

    /// Also accepts ids sealed with an `older` secret, so that secrets can be rotated.
    pub fn accepting(mut self, older: &[u8]) -> Self {
        self.accepted.push(Keys::of(older));
        self
    }

    /// The id that stands for `frontier`.
    pub fn seal<P: Coordinate, K: Coordinate>(
        &self,
        epoch: u32,
        frontier: &Frontier<P, K>,
        scope: &Scope<impl Sized>,
    ) -> EventId {
        match frontier {
            Frontier::Live(position) => self.seal_live(epoch, position, scope.space()),
            Frontier::History { as_of, after } => {
                let mut token = header(HISTORY, epoch);
                as_of.encode(&mut token);
                after.encode(&mut token);
                self.finish(token, |mac| bind_scope(mac, scope))
            }
        }
    }

    /// The id of a live position, which holds for every stream of `space`.
    pub fn seal_live<P: Coordinate>(&self, epoch: u32, position: &P, space: &str) -> EventId {
        let mut token = header(LIVE, epoch);
        position.encode(&mut token);
        self.finish(token, |mac| bind_space(mac, space))
    }

    fn finish(&self, mut token: Vec<u8>, bind: impl FnOnce(&mut Hmac<Sha256>)) -> EventId {
        let mut mac = self.signing.mac.clone();
        mac.update(&token);
        bind(&mut mac);
        let mac = mac.finalize();
        let mac = &mac.as_bytes()[..MAC_LENGTH];
        self.signing.mask(&mut token[1..], mac);
        token.extend_from_slice(mac);
        EventId::new(URL_SAFE_NO_PAD.encode(token)).expect("base64 holds no line break and no NUL")
    }

    /// The epoch and the frontier that `id` stands for; `None` when it is none of ours, or of
    /// another scope.
    pub fn open<P: Coordinate, K: Coordinate>(
        &self,
        id: &str,
        scope: &Scope<impl Sized>,
    ) -> Option<(u32, Frontier<P, K>)> {
        let token = URL_SAFE_NO_PAD.decode(id).ok()?;
        let (masked, mac) = token.split_last_chunk::<MAC_LENGTH>()?;
        let &first = masked.first()?;
        if first >> 4 != VERSION {
            return None;
        }
        let kind = first & 0x0f;
        let genuine = |keys: &Keys| {
            let mut token = masked.to_vec();
            keys.mask(&mut token[1..], mac);
            let mut expected = keys.mac.clone();
            expected.update(&token);
            match kind {
                LIVE => bind_space(&mut expected, scope.space()),
                _ => bind_scope(&mut expected, scope),
            }
            expected.verify_truncated_left(mac).is_ok().then_some(token)
        };
        let token = self.accepted.iter().find_map(genuine)?;
        let rest = &token[1..];
        let (epoch, mut coordinates) = rest.split_first_chunk::<4>()?;
        let frontier = decode(kind, &mut coordinates)?;
        coordinates.is_empty().then_some((u32::from_be_bytes(*epoch), frontier))
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").field("secrets", &self.accepted.len()).finish_non_exhaustive()
    }
}

impl Keys {
    fn of(secret: &[u8]) -> Self {
        let mac = keyed(secret);
        let mut mask = mac.clone();
        mask.update(b"mask");
        Self { mask: keyed(&mask.finalize().into_bytes()), mac }
    }

    /// Masks what was not, and the other way round.
    fn mask(&self, coordinates: &mut [u8], mac: &[u8]) {
        for (part, nth) in coordinates.chunks_mut(MASK_LENGTH).zip(0_u32..) {
            let mut mask = self.mask.clone();
            mask.update(mac);
            mask.update(&nth.to_be_bytes());
            let mask = mask.finalize();
            part.iter_mut().zip(mask.as_bytes()).for_each(|(byte, mask)| *byte ^= mask);
        }
    }
}

fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length")
}

fn header(kind: u8, epoch: u32) -> Vec<u8> {
    let mut token = Vec::with_capacity(64);
    token.push(VERSION << 4 | kind);
    token.extend_from_slice(&epoch.to_be_bytes());
    token
}

fn decode<P: Coordinate, K: Coordinate>(kind: u8, input: &mut &[u8]) -> Option<Frontier<P, K>> {
    match kind {
        LIVE => P::decode(input).map(Frontier::Live),
        HISTORY => {
            let as_of = P::decode(input)?;
            Some(Frontier::History { as_of, after: K::decode(input)? })
        }
        _ => None,
    }
}

fn bind_space(mac: &mut Hmac<Sha256>, space: &str) {
    bind(mac, space);
}

fn bind_scope(mac: &mut Hmac<Sha256>, scope: &Scope<impl Sized>) {
    bind(mac, scope.space());
    let Some(topics) = scope.topics() else {
        // No name is so long: a whole space reads like no list of names.
        return mac.update(&u64::MAX.to_be_bytes());
    };
    for topic in topics {
        bind(mac, topic.name());
    }
}

/// Each part goes in with its length, so that no two lists of parts read alike.
fn bind(mac: &mut Hmac<Sha256>, part: &str) {
    mac.update(&(part.len() as u64).to_be_bytes());
    mac.update(part.as_bytes());
}
