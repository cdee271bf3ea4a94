// Where compiled programs are kept from one run of the program to the next.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace lanewise::jit {

/// A folder of our own that nobody else can write to: $XDG_CACHE_HOME/lanewise, or ~/.cache/lanewise; made
/// if need be. Nothing when that cannot be had.
std::optional<std::filesystem::path> cache_folder();

/// A name for what is made from `recipe`: two with the same are the same.
std::string key_of(const std::string& recipe);

/// Puts a finished file in its place, and drops the oldest files beyond what the folder is to hold. False
/// when it cannot.
bool keep(const std::filesystem::path& made, const std::filesystem::path& place);

}  // namespace lanewise::jit
