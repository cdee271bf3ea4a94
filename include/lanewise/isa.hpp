/// Instruction sets: which kernels this build holds, which of them this machine can run, which one is used.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace lanewise {

/// An instruction set the kernels are compiled for. Results have the same bits on every one with fused
/// multiply-add (all but sse2).
enum class Isa { sse2, avx2, avx512, neon };
inline constexpr std::size_t isas = 4;

/// "sse2", "avx2" (AVX2 with FMA), "avx512" (AVX-512 F) or "neon" (arm64).
std::string_view isa_name(Isa isa) noexcept;

/// The instruction sets this build has kernels for, narrowest vectors first.
std::vector<Isa> built_isas();

/// True when this build and this machine's processor and operating system can run `isa`.
bool isa_available(Isa isa) noexcept;

/// The instruction set of that name.
/// \throws std::invalid_argument naming what is allowed when there is none.
Isa parse_isa(std::string_view name);

/// The instruction set a search uses: `forced` if given, else the environment variable LANEWISE_ISA if set,
/// else the widest available one. \throws std::invalid_argument when the forced one is unknown or not
/// available here.
Isa choose_isa(std::optional<Isa> forced = {});

}  // namespace lanewise
