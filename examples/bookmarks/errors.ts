import { problem, raiser } from "portico/kernel";

export const errors = {
  "bookmarks.notFound": problem(404, "There is no bookmark '{id}'."),
  "bookmarks.taken": problem(409, "The page is bookmarked already, as '{id}'."),
  "bookmarks.badUrl": problem(422, "The URL cannot be bookmarked: {reason}"),
  "bookmarks.longTitle": problem(422, "The title has {length} characters, at most {max} are kept."),
};

export const raise = raiser(errors);
