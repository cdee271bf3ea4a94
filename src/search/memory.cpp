#include "memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

#include "engine/engine.hpp"
#include "starts.hpp"

namespace lanewise {

namespace {

/// Nobody gains from larger waves: pruning and merging come late in them.
constexpr std::size_t usual_largest_wave = std::size_t{1} << 18U;

// Bytes of a run in d variables. Those of clustering: an end and its point, its place in the order and in the
// grid, what it asks and joins, and the member of a cluster that it becomes.
constexpr std::uint64_t clustered(std::uint64_t d) {
    return 80 + 8 * d;
}
/// From when it begins to the result: Runs, its place in a minimum, and that of the last clustering.
constexpr std::uint64_t kept(std::uint64_t d) {
    return 60 + 8 * d + clustered(d);
}
/// While it is going: its lane, and the clustering of a look. The look itself takes what is kept for the last
/// clustering, which comes when no run is going.
std::uint64_t going(const Options& options, std::uint64_t d) {
    return bytes_of_run(options.rule.method, options.precision, d) + 40 + clustered(d);
}

/// The best point and one minimum, in a result, in its JSON and as text; and what is not for each variable.
constexpr std::uint64_t told(std::uint64_t d) {
    return (std::uint64_t{1} << 20U) + 2000 * d;
}

}  // namespace

MemoryShares share_memory(const Options& options, std::size_t dimension) {
    constexpr auto no_bound = std::numeric_limits<std::size_t>::max();
    if (!options.memory) return {usual_largest_wave, no_bound};
    const std::uint64_t starts = starts_to_run(options).count();
    const std::uint64_t for_starts = starts * kept(dimension);
    const std::uint64_t least = for_starts + lane_multiple * going(options, dimension);
    if (*options.memory < least)
        throw std::invalid_argument(
            fmt::format("memory '{}': {} starts in {} variables take at least {} bytes", *options.memory,
                        starts, dimension, least));
    const std::uint64_t rest = *options.memory - for_starts;
    const std::uint64_t wave = rest / 2 / going(options, dimension);
    return {std::clamp<std::uint64_t>(wave, lane_multiple, usual_largest_wave), rest / 2 / kept(dimension)};
}

void Spare::hold_for(const Findings& findings, const Box& box) {
    const std::uint64_t d = box.dimension();
    const std::uint64_t ends = findings.runs.count() + 2 * findings.polished.size();
    const std::size_t needed = ends * clustered(d) + told(d);
    if (needed <= bytes_) return;
    release();
    // A little more, so that it is not asked for at every step. It is not touched, so that it takes no more
    // than room in the address space.
    const std::size_t bytes = needed + needed / 4;
    memory_ = ::operator new(bytes);
    bytes_ = bytes;
}

void Spare::release() noexcept {
    ::operator delete(std::exchange(memory_, nullptr));
    bytes_ = 0;
}

}  // namespace lanewise
