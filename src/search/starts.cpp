#include "starts.hpp"

#include <Random123/philox.h>

#include <algorithm>

namespace lanewise {

namespace {

constexpr std::size_t default_starts = 4096;

}  // namespace

void uniform_start(std::uint64_t seed, std::uint64_t start_id, std::span<double> unit) {
    constexpr double two_to_minus_53 = 0x1p-53;
    constexpr std::size_t words = 4;
    for (std::size_t block = 0; block * words < unit.size(); ++block) {
        const r123::Philox4x64::ctr_type counter{{block, 0, 0, 0}};
        const r123::Philox4x64::key_type key{{seed, start_id}};
        const auto random = r123::Philox4x64()(counter, key);
        const std::size_t rest = std::min(words, unit.size() - block * words);
        for (std::size_t i = 0; i < rest; ++i)
            unit[block * words + i] = static_cast<double>(random[i] >> 11U) * two_to_minus_53;
    }
}

Starts::Starts(const Box& box, const Options& options)
    : box_(&box),
      given_(&options.start_points),
      drawn_(options.starts.value_or(options.start_points.empty() ? default_starts : 0)),
      seed_(options.seed) {}

void Starts::point(std::uint64_t start_id, std::span<double> x) const {
    if (start_id < given_->size()) {
        std::ranges::copy((*given_)[start_id], x.begin());
        return;
    }
    uniform_start(seed_, start_id, x);
    for (std::size_t j = 0; j < x.size(); ++j) {
        const double lower = box_->lower()[j];
        const double upper = box_->upper()[j];
        x[j] = std::clamp(lower + x[j] * (upper - lower), lower, upper);
    }
}

}  // namespace lanewise
