// The files of kernels/ that a compiled program is made with, as text (cmake/KernelSources.cmake), and how it
// is compiled.
#pragma once

#include <span>
#include <string_view>

#include "lanewise/isa.hpp"

namespace lanewise::jit {

struct KernelSource {
    std::string_view name;
    std::string_view text;
    bool of_one_isa;  ///< named after it
};

/// In an order in which each comes after those it includes; those of one instruction set come first.
std::span<const KernelSource> kernel_sources();

/// Flags of the compiler, separated by ';'.
std::string_view flags_of(Isa isa);
/// Folders of headers that it would not find by itself, and the library to link: the same way.
std::string_view include_flags();
std::string_view link_flags();

}  // namespace lanewise::jit
