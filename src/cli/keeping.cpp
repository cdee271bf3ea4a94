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

PartKeeper keep_parts(const Output& output, std::size_t parts, ProgressLine& line) {
    const auto file_in = [parts](const std::string& folder, std::size_t part) {
        return std::filesystem::path(folder) / fmt::format("part-{}-of-{}.state", part, parts);
    };
    PartKeeper keeper;
    if (output.resume) {
        keeper.read = [=, folder = *output.resume](std::size_t part) -> std::optional<std::string> {
            const std::filesystem::path file = file_in(folder, part);
            if (!std::filesystem::exists(file)) return {};
            return read_file(file);
        };
    }
    if (output.checkpoint) {
        std::filesystem::create_directories(*output.checkpoint);
        keeper.write = [=, &line, folder = *output.checkpoint, kept = std::size_t{0},
                        write = std::function<void(std::string_view)>()](std::size_t part,
                                                                         std::string_view state) mutable {
            if (std::exchange(kept, part) != part)
                write = write_checkpoints(file_in(folder, part).string(), line);
            write(state);
        };
    }
    return keeper;
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
