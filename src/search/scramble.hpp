// Random bijections of 64-bit fractions and of small integers, each fixed by a random key.
#pragma once

#include <bit>
#include <cstdint>

namespace lanewise {

/// 64 bits that look independent from number to number: the finaliser of SplitMix64 (Steele et al. 2014).
inline std::uint64_t hash(std::uint64_t key, std::uint64_t number) noexcept {
    std::uint64_t z = number ^ key;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
}

/// Nested uniform scrambling (Owen 1995) of a fraction: whether a bit is flipped is random for each value of
/// the bits above it. Fractions that agree in k bits agree in k bits afterwards.
inline std::uint64_t scrambled(std::uint64_t key, std::uint64_t x) noexcept {
    // All flips along a way down through zeros are the bits of one hash, that of the one-bit it begins with:
    // a hash for each one-bit of x instead of one for each bit.
    std::uint64_t flips = hash(key, x);
    for (std::uint64_t above = x; above != 0;) {
        const std::uint64_t below = (above & -above) - 1;
        above &= above - 1;
        flips = (flips & below) | (hash(key, above) & ~below);
    }
    return x ^ flips;
}

/// A random permutation of the numbers of so many bits, at most 52. Higher bits of the number are ignored.
inline std::uint64_t permuted(std::uint64_t key, unsigned bits, std::uint64_t number) noexcept {
    constexpr unsigned rounds = 8;
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    for (unsigned round = 0; round < rounds; ++round) {
        const std::uint64_t random = hash(key, bits * rounds + round);
        number = ((number + random) * (std::rotl(random, 32) | 1U)) & mask;
        number ^= number >> ((bits + 1) / 2);
    }
    return number;
}

}  // namespace lanewise
