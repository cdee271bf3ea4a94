// From the public instruction set to its kernels.
#pragma once

#include "kernels/table.hpp"
#include "lanewise/isa.hpp"

namespace lanewise {

/// The kernels of an instruction set this build holds.
const kernels::Table& kernel_table(Isa isa) noexcept;

}  // namespace lanewise
