// What needs a box without infinite bounds says so by this check.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "lanewise/box.hpp"

namespace lanewise {

/// \throws std::invalid_argument naming the first variable with an infinite bound.
inline void check_finite(const Box& box) {
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        if (!std::isfinite(box.lower()[j]) || !std::isfinite(box.upper()[j]))
            throw std::invalid_argument(fmt::format("variable '{}': bounds {}:{} must be finite",
                                                    box.coordinate_name(j), box.lower()[j], box.upper()[j]));
    }
}

}  // namespace lanewise
