#include "sobol.hpp"

#include <algorithm>
#include <bit>
#include <boost/random/sobol.hpp>

#include "lanewise/options.hpp"

namespace lanewise {

namespace {

constexpr std::size_t index_bits = 53;
static_assert(most_sobol_dimensions <= boost::random::default_sobol_table::max_dimension);

}  // namespace

SobolSequence::SobolSequence(std::size_t dimension)
    : dimension_(dimension), directions_(index_bits * dimension) {
    boost::random::sobol engine(dimension);
    auto direction = directions_.begin();
    for (std::size_t bit = 0; bit < index_bits; ++bit) {
        // The point whose index has this bit alone in its Gray code. The engine leaves the origin out.
        const std::uint64_t index = (std::uint64_t{2} << bit) - 1;
        engine.seed(index - 1);
        for (std::size_t j = 0; j < dimension; ++j) *direction++ = engine();
    }
}

void SobolSequence::coordinates(std::uint64_t index, std::size_t first,
                                std::span<std::uint64_t> x) const noexcept {
    std::ranges::fill(x, 0);
    for (std::uint64_t gray = index ^ (index >> 1U); gray != 0; gray &= gray - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(gray));
        const std::uint64_t* const direction = directions_.data() + bit * dimension_ + first;
        for (std::size_t j = 0; j < x.size(); ++j) x[j] ^= direction[j];
    }
}

}  // namespace lanewise
