#include "cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

namespace lanewise::jit {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_files = 256;

std::optional<fs::path> absolute_path_in(const char* variable) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value != '/') return {};
    return fs::path(value);
}

void drop_oldest(const fs::path& folder) {
    std::error_code failed;
    std::vector<std::pair<fs::file_time_type, fs::path>> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed))
        files.emplace_back(entry.last_write_time(failed), entry.path());
    if (files.size() <= most_files) return;
    std::ranges::sort(files);
    files.resize(files.size() - most_files);
    for (const auto& [time, path] : files) fs::remove(path, failed);
}

}  // namespace

std::optional<fs::path> cache_folder() {
    std::optional<fs::path> parent = absolute_path_in("XDG_CACHE_HOME");
    if (!parent) {
        parent = absolute_path_in("HOME");
        if (!parent) return {};
        *parent /= ".cache";
    }
    std::error_code failed;
    fs::create_directories(*parent, failed);
    fs::path folder = *parent / "lanewise";
    mkdir(folder.c_str(), S_IRWXU);
    struct stat is {};
    const bool ours = lstat(folder.c_str(), &is) == 0 && S_ISDIR(is.st_mode) && is.st_uid == geteuid() &&
                      (is.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (!ours) return {};
    return folder;
}

std::string key_of(const std::string& recipe) {
    return to_string(boost::uuids::name_generator_sha1(boost::uuids::ns::url())(recipe));
}

bool keep(const fs::path& made, const fs::path& place) {
    // On the disk before it has its name: a power cut leaves no half of it.
    const int file = open(made.c_str(), O_RDONLY | O_CLOEXEC);
    const bool written = file >= 0 && fsync(file) == 0;
    if (file >= 0) close(file);
    std::error_code failed;
    if (written) fs::rename(made, place, failed);
    if (!written || failed) {
        fs::remove(made, failed);
        return false;
    }
    drop_oldest(place.parent_path());
    return true;
}

}  // namespace lanewise::jit
