/**
 * What is used of the YAML library. A file of its own, so that it can be loaded when it is needed: of a CommonJS package, a
 * bundled `import()` gives the default export only, and none of these names.
 */
export { isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
