#include "design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

#include "random.hpp"
#include "scramble.hpp"

namespace lanewise {

SobolPoints::SobolPoints(std::uint64_t seed, std::size_t dimension) : sequence_(dimension), keys_(dimension) {
    for (std::size_t j = 0; j < dimension; ++j) keys_[j] = random_words(seed, j, 0, Purpose::keys)[0];
}

void SobolPoints::point(std::uint64_t index, std::span<double> unit) const noexcept {
    std::array<std::uint64_t, 16> coordinates{};
    for (std::size_t first = 0; first < unit.size(); first += coordinates.size()) {
        const std::span x(coordinates.data(), std::min(coordinates.size(), unit.size() - first));
        sequence_.coordinates(index, first, x);
        for (std::size_t i = 0; i < x.size(); ++i)
            unit[first + i] = to_unit(scrambled(keys_[first + i], x[i]));
    }
}

LatinHypercubePoints::LatinHypercubePoints(std::uint64_t seed, std::size_t dimension) : keys_(dimension) {
    for (std::size_t j = 0; j < dimension; ++j) {
        const auto random = random_words(seed, j, 0, Purpose::keys);
        keys_[j] = {random[0], random[1]};
    }
}

void LatinHypercubePoints::point(std::uint64_t index, std::span<double> unit) const noexcept {
    // Unscrambled, the coordinates of the points 2^k to 2^(k+1) - 1 are the odd multiples of 2^-(k+1).
    const auto k = static_cast<unsigned>(std::bit_width(index >> 1U));
    const std::uint64_t odd = index == 0 ? 0 : 1;
    for (std::size_t j = 0; j < unit.size(); ++j) {
        const std::uint64_t multiple = 2 * permuted(keys_[j].order, k, index) + odd;
        unit[j] = to_unit(scrambled(keys_[j].place, multiple << (63 - k)));
    }
}

Design choose_design(std::optional<Design> asked, std::size_t dimension) {
    const bool too_many = dimension > most_sobol_dimensions;
    if (asked == Design::sobol && too_many)
        throw std::invalid_argument(
            fmt::format("design sobol: the box has {} coordinates; there can be at most {}", dimension,
                        most_sobol_dimensions));
    return asked.value_or(too_many ? Design::uniform : Design::sobol);
}

DesignPoints design_points(Design design, std::uint64_t seed, std::size_t dimension) {
    switch (design) {
        case Design::uniform: break;
        case Design::sobol: return SobolPoints(seed, dimension);
        case Design::latin_hypercube: return LatinHypercubePoints(seed, dimension);
    }
    return UniformPoints(seed);
}

}  // namespace lanewise
