// How a search takes roots.
#pragma once

#include "kernels/table.hpp"

namespace lanewise {

/// kernels::Tile::newton_from on this processor: where its divider is slow enough, steps take their roots by
/// Newton's method, which leaves the divider to their quotients.
template <class T>
T newton_from(const kernels::Functions<T>& functions);

}  // namespace lanewise
