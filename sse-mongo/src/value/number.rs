//! Numbers of every type on one scale.

use std::cmp::Ordering;

use mongodb::bson::{Decimal128, RawBsonRef};

/// The most digits a `Decimal128` has.
const MAX_DIGITS: u32 = 34;
/// The most digits a double has after its first, written out in full.
const MAX_FRACTION: usize = 766;

/// A number of any type, in decimal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    /// Not a number: less than all others.
    Nan,
    /// `digits × 10^exponent`, and a little further from zero if there is `more`.
    Finite {
        negative: bool,
        digits: u128,
        exponent: i32,
        more: bool,
    },
    Infinite {
        negative: bool,
    },
}

impl Number {
    pub(crate) fn of(value: RawBsonRef<'_>) -> Option<Self> {
        match value {
            RawBsonRef::Int32(int) => Some(Self::of_int(i64::from(int))),
            RawBsonRef::Int64(int) => Some(Self::of_int(int)),
            RawBsonRef::Double(double) => Some(Self::of_double(double)),
            RawBsonRef::Decimal128(decimal) => Some(Self::of_decimal(decimal)),
            _ => None,
        }
    }

    fn of_int(int: i64) -> Self {
        let digits = u128::from(int.unsigned_abs());
        Self::Finite { negative: int < 0, digits, exponent: 0, more: false }
    }

    fn of_double(double: f64) -> Self {
        let negative = double.is_sign_negative();
        if double.is_nan() {
            return Self::Nan;
        }
        if double.is_infinite() {
            return Self::Infinite { negative };
        }
        // Exact: one digit, a point, all others, and the exponent of the first.
        let text = format!("{:.MAX_FRACTION$e}", double.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mut written = mantissa.bytes().filter(u8::is_ascii_digit);
        let digits = written
            .by_ref()
            .take(MAX_DIGITS as usize)
            .fold(0, |digits, digit| digits * 10 + u128::from(digit - b'0'));
        let more = written.any(|digit| digit != b'0');
        let exponent = exponent.parse::<i32>().unwrap_or(0) - 33;
        Self::Finite { negative, digits, exponent, more }
    }

    fn of_decimal(decimal: Decimal128) -> Self {
        const DIGITS: u128 = (1 << 113) - 1;
        const MAX: u128 = 10u128.pow(MAX_DIGITS) - 1;
        let bits = u128::from_le_bytes(decimal.bytes());
        let negative = bits >> 127 == 1;
        match bits >> 122 & 0b1_1111 {
            0b1_1111 => return Self::Nan,
            0b1_1110 => return Self::Infinite { negative },
            // The long form holds more digits than are allowed, which counts as zero.
            combination if combination >> 3 == 0b11 => {
                return Self::Finite { negative, digits: 0, exponent: 0, more: false };
            }
            _ => {}
        }
        let digits = bits & DIGITS;
        let digits = if digits > MAX { 0 } else { digits };
        let exponent = i32::try_from(bits >> 113 & 0x3FFF).unwrap_or(0) - 6176;
        Self::Finite { negative, digits, exponent, more: false }
    }

    /// The number itself, if it is a whole one of 64 bits.
    pub(crate) fn whole(self) -> Option<i64> {
        let Self::Finite { negative, digits, exponent, more: false } = self else { return None };
        if digits == 0 {
            return Some(0);
        }
        let scale = 10u128.checked_pow(exponent.unsigned_abs())?;
        let size = match exponent {
            0.. => digits.checked_mul(scale)?,
            _ if digits.is_multiple_of(scale) => digits / scale,
            _ => return None,
        };
        let size = i128::try_from(size).ok()?;
        i64::try_from(if negative { -size } else { size }).ok()
    }

    pub(crate) fn compare_doubles(left: f64, right: f64) -> Ordering {
        // Only NaN has no order; it is less than all others and equal to itself.
        left.partial_cmp(&right).unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| match (self, other) {
            (
                Self::Finite { negative, digits: l, exponent: le, more: lm },
                Self::Finite { digits: r, exponent: re, more: rm, .. },
            ) => {
                // Their signs are equal, so both are zero or neither is.
                let order = match (l.checked_ilog10(), r.checked_ilog10()) {
                    (Some(left), Some(right)) => {
                        let first = (left.cast_signed() + le).cmp(&(right.cast_signed() + re));
                        first.then_with(|| (align(l, le, re), lm).cmp(&(align(r, re, le), rm)))
                    }
                    _ => Ordering::Equal,
                };
                if negative { order.reverse() } else { order }
            }
            _ => Ordering::Equal,
        })
    }

    /// NaN, minus infinity, negative, zero, positive, infinity.
    fn sign(self) -> i8 {
        match self {
            Self::Nan => -3,
            Self::Infinite { negative: true } => -2,
            Self::Finite { digits: 0, .. } => 0,
            Self::Finite { negative: true, .. } => -1,
            Self::Finite { negative: false, .. } => 1,
            Self::Infinite { negative: false } => 2,
        }
    }
}

/// The digits that a number has at the lesser of two exponents. The first digits of both numbers
/// stand at the same place, so the exponents differ by 33 at most.
fn align(digits: u128, exponent: i32, other: i32) -> u128 {
    let by = exponent.saturating_sub(other).max(0).unsigned_abs().min(MAX_DIGITS);
    digits.saturating_mul(10u128.pow(by))
}
