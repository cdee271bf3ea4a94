#include "starts.hpp"

#include <Random123/philox.h>

#include <algorithm>

namespace lanewise {

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
      drawn_(options.drawn_starts()),
      seed_(options.seed),
      candidates_(options.explore),
      all_sample_(options.explore == 1 && !options.prune) {}

bool Starts::is_sample(std::uint64_t start_id) const noexcept {
    return start_id >= given() && start_id < count() &&
           (all_sample_ || (start_id - given()) % sample_every == sample_every - 1);
}

std::size_t Starts::candidates(std::uint64_t start_id) const noexcept {
    return start_id < given() || is_sample(start_id) ? 1 : candidates_;
}

void Starts::candidate(std::uint64_t start_id, std::size_t which, std::span<double> x) const {
    if (start_id < given_->size()) {
        std::ranges::copy((*given_)[start_id], x.begin());
        return;
    }
    uniform_start(seed_, start_id + (static_cast<std::uint64_t>(which) << 32U), x);
    for (std::size_t j = 0; j < x.size(); ++j) {
        const double lower = box_->lower()[j];
        const double upper = box_->upper()[j];
        x[j] = std::clamp(lower + x[j] * (upper - lower), lower, upper);
    }
}

}  // namespace lanewise
