// Which room may include which: arrows point one way (HACKING.md).
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

namespace fs = std::filesystem;

const fs::path source = LANEWISE_SOURCE;

/// The rooms a room may look into, beside itself and, but for kernels, the public face. "src" are the files
/// that lie in src itself, which serve every room in it.
const std::map<std::string, std::set<std::string>> arrows = {
    {"include/lanewise", {"kernels"}},
    {"kernels", {}},
    {"src", {"kernels"}},
    {"src/program", {"src", "kernels"}},
    {"src/machine", {"src", "kernels", "src/program"}},
    {"src/objective", {"src", "kernels", "src/program", "src/machine"}},
    {"src/engine", {"src", "kernels", "src/objective"}},
    {"src/search", {"src", "src/engine"}},
    {"src/fit", {"src", "kernels", "src/program", "src/objective", "src/engine", "src/search"}},
    {"src/profile", {"src", "kernels", "src/program", "src/objective"}},
    {"src/io", {"src"}},
    {"src/cli", {}},
    {"src/c", {}},
};

/// Public headers that not every room may include, and which rooms may: what is above them in the house.
const std::map<std::string, std::set<std::string>> rooms_of_header = {
    {"lanewise/program.hpp", {"src/objective", "src/profile", "src/cli"}},
    {"lanewise/expression.hpp", {"src/objective", "src/io", "src/cli"}},
    {"lanewise/trace.hpp", {"src/objective"}},
    {"lanewise/callback.hpp", {"src/objective"}},
    {"lanewise/native.hpp", {}},
    {"lanewise/limits.hpp", {"src/profile", "src/cli"}},
    {"lanewise/problem.hpp", {"src/io", "src/cli"}},
    {"lanewise/fit_options.hpp", {"src/io", "src/cli", "src/c"}},
    {"lanewise/io.hpp", {"src/io", "src/cli"}},
    {"lanewise/csv.hpp", {"src/io", "src/cli"}},
    {"lanewise/lanewise.hpp", {"src/cli", "src/c"}},
};

bool is_code(const fs::path& file) {
    const std::string extension = file.extension().string();
    return extension == ".cpp" || extension == ".hpp" || extension == ".ipp";
}

std::vector<fs::path> files_of(const std::string& room) {
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(source / room)) {
        if (entry.is_regular_file() && is_code(entry.path())) files.push_back(entry.path());
    }
    return files;
}

/// What a file includes in quotation marks.
std::vector<std::string> includes_of(const fs::path& file) {
    static const std::regex include(R"re(^\s*#\s*include\s*"([^"]+)")re");
    std::vector<std::string> includes;
    std::ifstream in(file);
    std::smatch match;
    for (std::string line; std::getline(in, line);) {
        if (std::regex_search(line, match, include)) includes.push_back(match[1]);
    }
    return includes;
}

/// The room of what is included: beside the file, in src, or in the source's own folder; empty if nowhere.
std::string room_of(const fs::path& file, const std::string& included) {
    if (included.starts_with("lanewise/kernels/")) return "kernels";
    for (const fs::path& folder : {file.parent_path(), source / "src", source, source / "include"}) {
        if (fs::exists(folder / included))
            return fs::relative((folder / included).parent_path(), source).generic_string();
    }
    return {};
}

}  // namespace

TEST_CASE("every folder of code is a room with its arrows") {
    std::set<std::string> rooms = {"include/lanewise", "kernels", "src"};
    for (const fs::directory_entry& entry : fs::directory_iterator(source / "src")) {
        if (entry.is_directory()) rooms.insert("src/" + entry.path().filename().string());
    }
    for (const std::string& room : rooms) {
        INFO(room);
        CHECK(arrows.contains(room));
    }
    CHECK(rooms.size() == arrows.size());
}

TEST_CASE("what a room includes is what its arrows point to") {
    std::size_t seen = 0;
    for (const auto& [room, targets] : arrows) {
        for (const fs::path& file : files_of(room)) {
            for (const std::string& included : includes_of(file)) {
                INFO(fs::relative(file, source).generic_string() << " includes " << included);
                const std::string target = room_of(file, included);
                CHECK(!target.empty());
                const bool is_public = target == "include/lanewise" && room != "kernels";
                CHECK((target == room || is_public || targets.contains(target)));
                // The public face is one room, but what is above a room is not for it.
                const auto above = rooms_of_header.find(included);
                if (above != rooms_of_header.end() && room != "include/lanewise")
                    CHECK(above->second.contains(room));
                ++seen;
            }
        }
    }
    CHECK(seen > 200);
}

TEST_CASE("arrows lead in no circle") {
    // A room without arrows to those that are left is taken away, until none is left.
    auto left = arrows;
    for (bool taken = true; taken && !left.empty();) {
        taken = false;
        for (auto room = left.begin(); room != left.end();) {
            const bool leads_out = std::ranges::any_of(
                room->second, [&](const std::string& target) { return left.contains(target); });
            if (leads_out) {
                ++room;
            } else {
                room = left.erase(room);
                taken = true;
            }
        }
    }
    CHECK(left.empty());
}

TEST_CASE("no two files in sight of each other have one name") {
    // A header and its source are a pair; so are a public header and its source in a room of src.
    std::map<std::string, std::set<std::string>> rooms_of_header;
    std::map<std::string, std::set<std::string>> rooms_of_source;
    for (const auto& [room, targets] : arrows) {
        for (const fs::path& file : files_of(room)) {
            auto& rooms = file.extension() == ".cpp" ? rooms_of_source : rooms_of_header;
            rooms[file.stem().string()].insert(room);
        }
    }
    for (const auto& [name, rooms] : rooms_of_header) {
        INFO(name);
        CHECK(rooms.size() == 1);
        if (rooms_of_source.contains(name) && !rooms.contains("include/lanewise"))
            CHECK(rooms_of_source[name] == rooms);
    }
    for (const auto& [name, rooms] : rooms_of_source) {
        INFO(name);
        CHECK(rooms.size() == 1);
    }
}
