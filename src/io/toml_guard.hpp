// What toml++ 3.3 must not be given, for it crashes on it or has no defined behaviour.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace lanewise {

struct TomlTrouble {
    std::size_t position;
    std::string_view message;
};

/// None of this is in a problem file: keys of very many parts (tables are freed by recursion), and characters
/// beyond ASCII outside strings and comments or after a backslash.
std::optional<TomlTrouble> find_toml_trouble(std::string_view text);

}  // namespace lanewise
