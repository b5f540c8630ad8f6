/** The bundle has no types of its own; it holds a part of what `echarts` holds. */
declare module 'echarts/dist/echarts.common.min.js' {
  export * from 'echarts';
}
