#include "tail.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace lanewise {

namespace {

/// The most that are told of a tail.
constexpr std::size_t most_in_sample = 512;

/// The same for ends of runs that converged to one minimum, mostly: of where it is in a grid. Its planes are
/// off 0 and off the middle of the box, where minima often are.
std::uint64_t key(std::span<const double> x, const SearchBox& box) {
    constexpr double cells = 256;
    constexpr double off = 0.381966;
    std::uint64_t hash = 0;
    for (std::size_t j = 0; j < x.size(); ++j) {
        const double width = box.width(j);
        const double cell = width > 0 ? std::floor(x[j] / width * cells + off) : 0;
        hash = (hash ^ std::bit_cast<std::uint64_t>(cell)) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29U;
        hash *= 0xBF58476D1CE4E5B9U;
        hash ^= hash >> 32U;
    }
    return hash;
}

bool is_sampled(std::uint64_t key, std::uint8_t halvings) {
    return halvings == 0 || key >> (64U - halvings) == 0;
}

}  // namespace

bool is_in_sample(std::span<const double> x, std::uint8_t halvings, const SearchBox& box) {
    return is_sampled(key(x, box), halvings);
}

std::uint8_t shorten_tail(FoundMinima& minima, const SearchBox& box) {
    if (minima.count() <= most_told + most_in_sample) return 0;
    std::vector<std::uint64_t> keys;
    for (std::size_t i = most_told; i < minima.count(); ++i) keys.push_back(key(minima.point(i), box));
    const auto size = [&](std::uint8_t halvings) {
        return static_cast<std::size_t>(
            std::ranges::count_if(keys, [&](std::uint64_t one) { return is_sampled(one, halvings); }));
    };
    std::uint8_t halvings = 0;
    while (halvings < most_tail_halvings && size(halvings) > most_in_sample) ++halvings;
    minima.keep_if([&](std::size_t i) { return i < most_told || is_sampled(keys[i - most_told], halvings); });
    return halvings;
}

}  // namespace lanewise
