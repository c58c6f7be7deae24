// Colours for a ruleset's text: keys of the envelope, bars and arrows of the tables, parameters.
import { HighlightStyle, StreamLanguage, syntaxHighlighting, tags } from "./codemirror.min.js";

const language = StreamLanguage.define({
  name: "ruleset",
  startState: () => ({ table: false, header: false }),
  copyState: (state) => ({ ...state }),
  token(stream, state) {
    if (stream.sol()) {
      if (stream.match(/^[ \t]*[#＃].*/)) return "comment";
      if (/^\S/.test(stream.string)) state.table = false;
      if (!state.table && stream.match(/^(rules|examples)(?=:[ \t]*\|)/)) {
        state.table = true;
        state.header = true;
        return "propertyName";
      }
      if (state.table && state.header && /^\s+\S/.test(stream.string)) {
        state.header = false;
        state.columns = true;
      } else state.columns = false;
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^"(\\.|[^"\\])*"?/)) return "string";
    if (state.table) {
      if (stream.match(/^(=>|＝＞|[|｜])/)) return "punctuation";
      if (state.columns) {
        stream.match(/^[^\s|｜=]+/) || stream.next();
        return "propertyName";
      }
    } else {
      if (stream.match(/^#.*/)) return "comment";
      if (stream.match(/^[\w.-]+(?=\s*:)/)) return "propertyName";
      if (stream.match(/^[{}[\],:]/)) return "punctuation";
    }
    if (stream.match(/^\$\w+/)) return "variableName";
    if (stream.match(/^([<>]=?|!=|[=≥≤≠]|\.\.)/)) return "operator";
    if (stream.match(/^\d[\d_.,]*\s?[a-z%万亿]*/)) return "number";
    stream.match(/^[\w\u3400-\u9fff§.-]+/) || stream.next();
    return null;
  },
});

const style = HighlightStyle.define([
  { tag: tags.propertyName, class: "y-key" },
  { tag: tags.comment, class: "y-com" },
  { tag: tags.string, class: "y-str" },
  { tag: tags.number, class: "y-num" },
  { tag: tags.punctuation, class: "y-bar" },
  { tag: tags.operator, class: "y-op" },
  { tag: tags.variableName, class: "y-par" },
]);

export const rulesetLanguage = [language, syntaxHighlighting(style)];
