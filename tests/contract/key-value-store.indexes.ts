export interface ContractIndex {
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly sortKeyType: 'number' | 'string';
}

/** The indexes every table under contract is made with. */
export const CONTRACT_INDEXES: Readonly<Record<string, ContractIndex>> = {
  due: { partitionKey: 'dueBucket', sortKey: 'due', sortKeyType: 'number' },
  label: { partitionKey: 'dueBucket', sortKey: 'label', sortKeyType: 'string' },
};
