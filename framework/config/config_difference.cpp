#include "framework/config/config_difference.hpp"

#include <algorithm>
#include <utility>

#include "framework/config/identity.hpp"
#include "framework/core/error.hpp"
#include "framework/graph/graph.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {

std::string_view name_of(const Value& item) {
  const Value* name = item.find("name");
  return name == nullptr ? std::string_view() : std::string_view(name->text);
}

namespace {

bool same_scalar(const Value& a, const Value& b) {
  if (a == b) return true;
  if (a.kind != Value::Kind::scalar || b.kind != Value::Kind::scalar) return false;
  if (a.is_text() || b.is_text()) return false;
  const auto one = parse_real(a.text);
  return one.has_value() && one == parse_real(b.text);
}

bool same_names(const Value& a, const Value& b) {
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                    [](const Value& one, const Value& other) {
                      return !name_of(one).empty() && name_of(one) == name_of(other);
                    });
}

bool same_list(const Value& a, const Value& b) {
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                    [](const Value& one, const Value& other) {
                      return same_scalar(one, other) ||
                             (one.kind == Value::Kind::sequence &&
                              other.kind == Value::Kind::sequence && same_list(one, other));
                    });
}

class Comparison {
 public:
  std::vector<std::string> take() { return std::move(keys_); }

  void compare(const Value& a, const Value& b, const std::string& path) {
    if (a.kind == Value::Kind::mapping && b.kind == Value::Kind::mapping) {
      compare_mappings(a, b, path);
    } else if (a.kind == Value::Kind::sequence && b.kind == Value::Kind::sequence) {
      compare_lists(a, b, path);
    } else if (!same_scalar(a, b)) {
      keys_.push_back(path);
    }
  }

 private:
  std::vector<std::string> keys_;

  void compare_mappings(const Value& a, const Value& b, const std::string& path) {
    const std::string begin = path.empty() ? path : path + ".";
    for (const Value::Entry& entry : a.entries) {
      const Value* other = b.find(entry.key);
      if (other == nullptr) {
        keys_.push_back(begin + entry.key);
      } else {
        compare(entry.value, *other, begin + entry.key);
      }
    }
    for (const Value::Entry& entry : b.entries) {
      if (a.find(entry.key) == nullptr) keys_.push_back(begin + entry.key);
    }
  }

  void compare_lists(const Value& a, const Value& b, const std::string& path) {
    if (same_list(a, b)) return;
    if (!same_names(a, b)) {
      keys_.push_back(path);
      return;
    }
    for (std::size_t i = 0; i < a.items.size(); ++i) {
      compare(a.items[i], b.items[i], path + "." + std::string(name_of(a.items[i])));
    }
  }
};

// Layers get their defaults, which one file may leave out and the other give. A model that makes no
// network is compared as it was written.
Value compared(const ExperimentConfig& config) {
  Value document = to_value(config);
  try {
    document.set("model", to_value(Graph(parse_graph_spec(config.model))));
  } catch (const Error&) {
  }
  return without_later_defaults(std::move(document));
}

}  // namespace

std::vector<std::string> differing_keys(const ExperimentConfig& a, const ExperimentConfig& b) {
  Comparison comparison;
  comparison.compare(compared(a), compared(b), "");
  return comparison.take();
}

const Value* value_at(const Value& document, std::string_view path) {
  if (path.empty()) return &document;
  const auto below = [path](std::string_view name, const Value& value) -> const Value* {
    if (name.empty() || !path.starts_with(name)) return nullptr;
    if (path.size() == name.size()) return &value;
    return path[name.size()] == '.' ? value_at(value, path.substr(name.size() + 1)) : nullptr;
  };
  for (const Value::Entry& entry : document.entries) {
    if (const Value* found = below(entry.key, entry.value)) return found;
  }
  for (const Value& item : document.items) {
    if (const Value* found = below(name_of(item), item)) return found;
  }
  return nullptr;
}

bool never_changes_results(std::string_view key) {
  return key == "name" || key == "model.name" || key == "data.path" || key == "train.max_runtime" ||
         key == "train.step_deadline" || key.starts_with("evaluate.") ||
         key.starts_with("checkpoint.");
}

bool may_change_on_resume(const ExperimentConfig& config, std::string_view key) {
  if (key == "train.steps" || key == "train.epochs") {
    return !make_schedule(config.learning_rate).depends_on_total_steps();
  }
  return key == "train.max_runtime" || key == "train.step_deadline" ||
         key.starts_with("evaluate.") || key.starts_with("checkpoint.");
}

std::vector<std::string> keys_refused_on_resume(const ExperimentConfig& recorded,
                                                const ExperimentConfig& config) {
  std::vector<std::string> keys = differing_keys(recorded, config);
  std::erase_if(keys, [&](const std::string& key) { return may_change_on_resume(config, key); });
  return keys;
}

}  // namespace lockstep
