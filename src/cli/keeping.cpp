#include "keeping.hpp"

#include <filesystem>
#include <utility>

namespace lanewise::cli {

std::function<void(std::string_view)> write_checkpoints(const std::string& file, ProgressLine& line) {
    const WholeFile fails_before_the_work(file);
    return [&line, file, told = false](std::string_view state) mutable {
        try {
            WholeFile whole(file);
            whole.write(state);
            whole.commit();
        } catch (const std::exception& error) {
            if (std::exchange(told, true)) return;
            line.finish();
            report("{}; the search goes on", error.what());
        }
    };
}

void require_regular(std::string_view option, const std::string& file) {
    if (is_special(file))
        throw std::invalid_argument(fmt::format("{} '{}': must be a regular file", option, file));
}

bool goes_on_in_same_file(const Output& output) {
    return output.resume && output.checkpoint &&
           end_of_links(*output.resume) == end_of_links(*output.checkpoint);
}

std::optional<std::string> read_state(const Output& output) {
    if (!output.resume) return {};
    if (goes_on_in_same_file(output) && !std::filesystem::exists(*output.resume)) {
        if (!output.quiet) report("there is no {} yet: the search begins", *output.resume);
        return {};
    }
    require_regular("resume", *output.resume);
    return read_file(*output.resume);
}

}  // namespace lanewise::cli
