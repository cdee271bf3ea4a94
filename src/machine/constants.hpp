// The numbers that machine code reads beside those of its program.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/sincos_numbers.hpp"

namespace lanewise::machine {

/// They come first in the pool.
enum class Constant : std::uint8_t {
    zero,
    one,
    minus_one,
    sign_bit,
    half,
    infinity,
    newton_from,
#define LANEWISE_NAME(name, number) sincos_##name,
    LANEWISE_SINCOS_NUMBERS(LANEWISE_NAME)
#undef LANEWISE_NAME
        count
};

inline constexpr std::size_t fixed_constants = static_cast<std::size_t>(Constant::count);

}  // namespace lanewise::machine
