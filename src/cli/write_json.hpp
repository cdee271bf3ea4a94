// A result as JSON in its place.
#pragma once

#include "lanewise/lanewise.hpp"
#include "outputs.hpp"

namespace lanewise::cli {

/// Where there is not the memory for all minima, the JSON has as many of the best as there is for, and so has
/// the result then.
void write_json(Sink& json, Result& result, const Box& box, const Options& options, const Formula& formula);

}  // namespace lanewise::cli
