// How the state of a work is kept in a file, to go on from, and how what was found is written.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "console.hpp"
#include "lanewise/lanewise.hpp"
#include "progress.hpp"

namespace lanewise::cli {

/// Writes each state over the one before it. One that cannot be written does not end the work: the file
/// keeps the last that could.
std::function<void(std::string_view)> write_checkpoints(const std::string& file, ProgressLine& line);

/// Keeps the state of each part in a file of its own in the folder that the checkpoint names, and goes on
/// from those in the folder that is resumed. \throws std::runtime_error when there can be no such folder.
PartKeeper keep_parts(const Output& output, std::size_t parts, ProgressLine& line);

/// A pipe or a device would be waited for, or not come to an end.
void require_regular(std::string_view option, const std::string& file);

/// The checkpoint goes to the file that holds the state to go on from.
bool goes_on_in_same_file(const Output& output);

/// The state to go on from, if any. Where the checkpoint goes to the same file there may be none yet.
std::optional<std::string> read_state(const Output& output);

/// What is wrong with a state is told with the file it is from.
template <class Act>
auto with_file(const std::string& file, Act act) {
    try {
        return act();
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(fmt::format("{}: {}", file, error.what()));
    }
}

/// Calls each of several that write something; what one of them cannot write does not keep the others.
class Attempts {
  public:
    template <class Act>
    void operator()(Act act) {
        try {
            act();
        } catch (const std::exception& error) {
            report("{}", error.what());
            all_succeeded_ = false;
        }
    }
    bool all_succeeded() const { return all_succeeded_; }

  private:
    bool all_succeeded_ = true;
};

}  // namespace lanewise::cli
