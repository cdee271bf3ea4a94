// A program as C++, for the kernels of a native objective.
#pragma once

#include <cstddef>
#include <string>

#include "lanewise/isa.hpp"
#include "lanewise/precision.hpp"
#include "program/lower.hpp"

namespace lanewise::jit {

/// The name by which the kernels leave the compiled file, a kernels::Native with those of one precision.
inline constexpr const char* table_symbol = "lanewise_compiled_program";

/// One whole translation unit: lanewise's kernels and a functor for fused.ipp that does the program's
/// operations in their order. Needs the headers of xsimd and SLEEF.
std::string source(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision);

}  // namespace lanewise::jit
