// The comment that a CSV of a part of many problems begins with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lanewise/part.hpp"

namespace lanewise {

struct PartLine {
    Part part;
    std::size_t problems;  ///< in all parts
    std::size_t stopped;   ///< of this part, before they were done
    std::uint64_t digest;  ///< of what all parts have in common

    std::size_t count() const noexcept { return part.last(problems) - part.first(problems); }
};

/// What such a comment begins with.
inline constexpr std::string_view mark_of_part = "# lanewise ";

/// "# lanewise fit, part 3 of 100, problems 20 to 29 of 1000, of 1f2e3d4c5b6a7988\n", where 4 that were
/// stopped are ", 4 stopped" behind the problems. `command` is what they were worked on by.
std::string to_text(const PartLine& line, std::string_view command);

/// Nothing where the text is no such line.
std::optional<PartLine> read_part_line(std::string_view text);

/// "problems 20 to 29": those of the part.
std::string problems_of(const Part& part, std::size_t problems);

}  // namespace lanewise
