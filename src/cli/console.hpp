// What the program says: the answer on stdout, everything else on stderr.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace lanewise::cli {

/// Takes those of the descriptors 0 to 2 that are closed, so that no file that is opened later becomes stdout
/// or stderr. To be called before anything else.
void hold_standard_descriptors();

/// Writes to stdout. What goes wrong is for finish_stdout to tell.
void say(std::string_view text);

/// Lets the reader have what was said so far.
void flush_stdout();

/// \throws std::runtime_error when not all that was said could be written.
void finish_stdout();

/// Writes to stderr; what cannot be written is lost.
void tell(std::string_view text) noexcept;

/// Writes a line to stderr that says which program it is from.
template <class... Arguments>
void report(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    tell("lanewise: " + fmt::format(format, std::forward<Arguments>(arguments)...) + "\n");
}

}  // namespace lanewise::cli
