#include "random.hpp"

#include <Random123/philox.h>

#include <algorithm>

namespace lanewise {

std::array<std::uint64_t, random_words_at_once> random_words(std::uint64_t seed, std::uint64_t index,
                                                             std::uint64_t block, Purpose purpose) noexcept {
    const r123::Philox4x64::ctr_type counter{{block, static_cast<std::uint64_t>(purpose), 0, 0}};
    const r123::Philox4x64::key_type key{{seed, index}};
    const auto random = r123::Philox4x64()(counter, key);
    return {random[0], random[1], random[2], random[3]};
}

void UniformPoints::point(std::uint64_t index, std::span<double> unit) const noexcept {
    for (std::size_t first = 0; first < unit.size(); first += random_words_at_once) {
        const auto random = random_words(seed_, index, first / random_words_at_once, Purpose::coordinates);
        const std::span<double> some = unit.subspan(first, std::min(random.size(), unit.size() - first));
        std::transform(random.begin(), random.begin() + some.size(), some.begin(), to_unit);
    }
}

}  // namespace lanewise
